variable "account_id" {
  description = "The account; Terraform refuses to work in another."
  type        = string
}

variable "host" {
  description = "Name that clients connect to."
  type        = string
}

variable "repository" {
  description = "Repository whose workflows deploy, as owner/name."
  type        = string
}

variable "alarm_email" {
  description = "Where alarms go."
  type        = string
}

variable "api_cidrs" {
  description = "Addresses that may reach the Kubernetes API from outside; none: only from inside the VPC."
  type        = list(string)
  default     = []
}
