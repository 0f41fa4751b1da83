provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { application = "chat-app", environment = "staging", managed-by = "terraform" }
  }
}

module "stack" {
  source               = "../../modules/stack"
  environment          = "staging"
  region               = "eu-central-1"
  zones                = ["eu-central-1a", "eu-central-1b"]
  host                 = var.host
  repository           = var.repository
  pipeline_environment = "staging"
  alarm_email          = var.alarm_email
  api_cidrs            = var.api_cidrs

  # As production, smaller.
  budget_usd          = 600
  database_storage_gb = 50
  log_days            = 30
}
