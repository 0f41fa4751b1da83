variable "name" {
  description = "Prefix of every name; also the cluster's name."
  type        = string
}

variable "region" {
  description = "Region."
  type        = string
}

variable "account_id" {
  description = "Account."
  type        = string
}

variable "namespace" {
  description = "Namespace of the broker's service account."
  type        = string
}

variable "oidc_issuer" {
  description = "The cluster's issuer of service account tokens."
  type        = string
}

variable "repository" {
  description = "Repository whose workflows may take on the pipelines' roles, as owner/name."
  type        = string
}

variable "pipeline_environment" {
  description = "Environment of the repository's workflows, such as production."
  type        = string
}

variable "repository_arn" {
  description = "The image repository that the pipeline pushes to."
  type        = string
}

variable "secret_arns" {
  description = "The secrets that the broker reads."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "The key that they are encrypted with."
  type        = string
}
