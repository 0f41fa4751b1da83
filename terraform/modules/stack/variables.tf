variable "environment" {
  description = "dev, staging or prod."
  type        = string
  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "The environment is dev, staging or prod."
  }
}

variable "region" {
  description = "Region."
  type        = string
}

variable "zones" {
  description = "Two availability zones or more."
  type        = list(string)
}

variable "host" {
  description = "Name that clients connect to."
  type        = string
}

variable "repository" {
  description = "Repository whose workflows deploy, as owner/name."
  type        = string
}

variable "pipeline_environment" {
  description = "Environment of its workflows: production, staging or development."
  type        = string
}

variable "alarm_email" {
  description = "Where alarms and budget warnings go."
  type        = string
}

variable "budget_usd" {
  description = "Expected cost a month in US dollars; a warning at 80 % and when more is forecast."
  type        = number
}

variable "api_cidrs" {
  description = "Addresses that may reach the Kubernetes API from outside."
  type        = list(string)
  default     = []
}

variable "nat_per_zone" {
  description = "A NAT gateway in every zone."
  type        = bool
  default     = true
}

variable "instance_types" {
  description = "Kinds of node."
  type        = list(string)
  default     = ["t3.medium"]
}

variable "nodes" {
  description = "Nodes at least."
  type        = number
  default     = 2
}

variable "nodes_max" {
  description = "Nodes at most."
  type        = number
  default     = 4
}

variable "database_class" {
  description = "Kind of machine of the database."
  type        = string
  default     = "db.t3.medium"
}

variable "database_storage_gb" {
  description = "Its storage in GB."
  type        = number
  default     = 100
}

variable "multi_az" {
  description = "A standby in another zone."
  type        = bool
  default     = true
}

variable "read_replica" {
  description = "A replica to read from."
  type        = bool
  default     = true
}

variable "redis_type" {
  description = "Kind of machine of Redis."
  type        = string
  default     = "cache.t3.micro"
}

variable "deletion_protection" {
  description = "Refuse to delete cluster, database and load balancer."
  type        = bool
  default     = true
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 90
}
