variable "team" {
  type        = string
  description = "Whose space it is"

  validation {
    condition     = can(regex("^[a-z][a-z-]{1,20}$", var.team))
    error_message = "A team has a short name in small letters."
  }
}

variable "seats" {
  type        = number
  description = "How many can be there at once"
  default     = 4
}

variable "members" {
  type        = list(string)
  description = "Who has a place of their own"
  default     = []
}

variable "join_code" {
  type        = string
  description = "What opens the door"
  sensitive   = true
}
