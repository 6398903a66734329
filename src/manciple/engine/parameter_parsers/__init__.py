"""What parameters an artifact has that is no template of CloudFormation: a file each way to find that out."""
