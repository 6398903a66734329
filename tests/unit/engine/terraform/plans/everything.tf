variable "name" {
  type    = string
  default = "one"
}
variable "az" {
  type    = string
  default = "a"
}
variable "pw" {
  type      = string
  sensitive = true
  default   = "hunter2-secret"
}
variable "n" {
  type    = number
  default = 2
}
variable "keys" {
  type    = set(string)
  default = ["k1", "k2"]
}
resource "terraform_data" "inplace" {
  input = { name = var.name, tags = ["x", var.name] }
}
resource "terraform_data" "chained" { input = terraform_data.inplace.output }
resource "terraform_data" "repl" {
  input            = var.name
  triggers_replace = [var.az]
}
resource "terraform_data" "repl_dep" { triggers_replace = terraform_data.repl.id }
resource "terraform_data" "cbd" {
  triggers_replace = var.az
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "secret" { input = { user = "u", password = var.pw } }
resource "terraform_data" "each" {
  for_each = var.keys
  input    = each.key
}
module "m" {
  source = "./mod"
  n      = var.n
}
resource "terraform_data" "newname" { input = "same" }
resource "terraform_data" "rtb" {
  input = "r"
  lifecycle { replace_triggered_by = [terraform_data.inplace] }
}
output "secret" {
  value     = terraform_data.secret.output
  sensitive = true
}
output "name" { value = terraform_data.inplace.output.name }
check "fine" {
  assert {
    condition     = var.name != "bad"
    error_message = "name is bad"
  }
}
moved {
  from = terraform_data.old
  to   = terraform_data.newname
}
removed {
  from = terraform_data.forgetme
  lifecycle { destroy = false }
}
resource "terraform_data" "brandnew" { input = "new" }
import {
  to = terraform_data.imported
  id = "some-id"
}
resource "terraform_data" "imported" { input = "imp" }
