variable "team" { type = string }
variable "member" { type = string }

resource "terraform_data" "note" {
  input = templatefile("${path.module}/note.txt.tftpl", { team = var.team, member = var.member })
}
