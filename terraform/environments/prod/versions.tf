terraform {
  required_version = ">= 1.10"
  backend "s3" {
    bucket       = "chat-app-prod-terraform-state"
    key          = "chat-app.tfstate"
    region       = "eu-central-1"
    encrypt      = true
    use_lockfile = true
  }
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}
