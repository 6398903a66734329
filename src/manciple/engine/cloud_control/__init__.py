"""How resources are made real by a Cloud Control API: its calls, what is sent to it and read from it."""
