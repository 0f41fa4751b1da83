# The bucket that an environment's state lives in, made once by an administrator: terraform apply -var environment=prod
# Locking is the bucket's own (use_lockfile in the environments' backend).

variable "environment" {
  description = "dev, staging or prod."
  type        = string
}

variable "region" {
  description = "Region."
  type        = string
  default     = "eu-central-1"
}

provider "aws" {
  region = var.region
}

resource "aws_kms_key" "state" {
  description             = "chat-app-${var.environment}: Terraform's state"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_s3_bucket" "state" {
  bucket = "chat-app-${var.environment}-terraform-state"
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.state.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
