# Only the provider that is built into Terraform and OpenTofu: nothing is downloaded, nothing outside is touched.

resource "terraform_data" "space" {
  input            = { team = var.team, seats = var.seats }
  triggers_replace = [var.team, var.seats]
}

resource "terraform_data" "door" {
  input = { space = terraform_data.space.id, code = var.join_code }
}

resource "terraform_data" "place" {
  for_each = toset(var.members)
  input    = { space = terraform_data.space.id, member = each.value }
}

module "welcome" {
  source   = "./welcome"
  for_each = toset(var.members)

  team   = var.team
  member = each.value
}
