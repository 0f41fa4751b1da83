variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "Region, for the key's policy."
  type        = string
}

variable "account_id" {
  description = "Account, for the key's policy."
  type        = string
}

variable "vpc_id" {
  description = "The VPC that the groups are in."
  type        = string
}
