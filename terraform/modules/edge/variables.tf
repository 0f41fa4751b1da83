variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "account_id" {
  description = "Account: part of the bucket's name, which is unique in the world."
  type        = string
}

variable "host" {
  description = "Name that clients connect to."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "public_subnet_ids" {
  description = "Where the load balancer is."
  type        = list(string)
}

variable "group_id" {
  description = "Its security group."
  type        = string
}

variable "idle_seconds" {
  description = "How long an idle WebSocket may live."
  type        = number
  default     = 3600
  validation {
    condition     = var.idle_seconds >= 3600 && var.idle_seconds <= 4000
    error_message = "An hour at least (chats idle), 4000 s at most (the load balancer's own limit)."
  }
}

variable "log_days" {
  description = "Days that access logs are kept."
  type        = number
  default     = 90
}

variable "deletion_protection" {
  description = "Refuse to delete the load balancer."
  type        = bool
}
