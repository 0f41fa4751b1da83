variable "name" {
  description = "Prefix of every name, such as chat-app-prod."
  type        = string
}

variable "region" {
  description = "Region, such as eu-central-1."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.0.0.0/16"
}

variable "zones" {
  description = "Names of the availability zones; two or more."
  type        = list(string)
  validation {
    condition     = length(distinct(var.zones)) >= 2 && length(var.zones) <= 8
    error_message = "Name two to eight different zones: the database and the load balancer need two."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in every zone (true) or one for all (false: cheaper, gone with its zone)."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "Days that flow logs are kept."
  type        = number
  default     = 90
}

variable "kms_key_arn" {
  description = "Key that the logs are encrypted with."
  type        = string
}

variable "flow_log_role_arn" {
  description = "Role that writes the flow logs."
  type        = string
}

locals {
  zones     = { for i, zone in var.zones : zone => i }
  nat_zones = toset(var.nat_per_zone ? var.zones : slice(var.zones, 0, 1))
}
