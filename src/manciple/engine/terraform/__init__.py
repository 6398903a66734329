"""Terraform and OpenTofu: packages, what they say, and what an operator lets them do."""
