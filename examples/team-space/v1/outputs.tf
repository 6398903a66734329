output "space" {
  description = "The space's id"
  value       = terraform_data.space.id
}

output "places" {
  description = "Each member's place"
  value       = { for member, place in terraform_data.place : member => place.id }
}

output "join_code" {
  description = "What opens the door"
  value       = var.join_code
  sensitive   = true
}
