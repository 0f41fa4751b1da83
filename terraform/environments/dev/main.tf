provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = [var.account_id]
  default_tags {
    tags = { application = "chat-app", environment = "dev", managed-by = "terraform" }
  }
}

module "stack" {
  source               = "../../modules/stack"
  environment          = "dev"
  region               = "eu-central-1"
  zones                = ["eu-central-1a", "eu-central-1b"]
  host                 = var.host
  repository           = var.repository
  pipeline_environment = "development"
  alarm_email          = var.alarm_email
  api_cidrs            = var.api_cidrs

  # Small: one way out, no standby, no replica.
  budget_usd          = 300
  nat_per_zone        = false
  database_storage_gb = 20
  multi_az            = false
  read_replica        = false
  deletion_protection = false
  log_days            = 14
}
