provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { application = "chat-app", environment = "prod", managed-by = "terraform" }
  }
}

module "stack" {
  source               = "../../modules/stack"
  environment          = "prod"
  region               = "eu-central-1"
  zones                = ["eu-central-1a", "eu-central-1b"]
  host                 = var.host
  repository           = var.repository
  pipeline_environment = "production"
  alarm_email          = var.alarm_email
  api_cidrs            = var.api_cidrs

  # Sizes for other numbers of connections: docs/operations.md.
  budget_usd     = 900
  instance_types = ["c6i.large"]
  nodes_max      = 12
}
