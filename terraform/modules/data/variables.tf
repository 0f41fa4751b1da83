variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "secrets_path" {
  description = "Where the secrets are, such as chat-app/prod."
  type        = string
}

variable "private_subnet_ids" {
  description = "Where database and Redis are; two zones or more."
  type        = list(string)
}

variable "database_group_id" {
  description = "Security group of the database."
  type        = string
}

variable "redis_group_id" {
  description = "Security group of Redis."
  type        = string
}

variable "monitoring_role_arn" {
  description = "Role of the database's enhanced monitoring."
  type        = string
}

variable "kms_key_arn" {
  description = "The key for everything at rest."
  type        = string
}

variable "database_class" {
  description = "Kind of machine of the database."
  type        = string
  default     = "db.t3.medium"
}

variable "database_storage_gb" {
  description = "Storage in GB to begin with; it grows up to five times that."
  type        = number
  default     = 100
}

variable "multi_az" {
  description = "A standby in another zone, to which the database fails over by itself."
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
}

variable "deletion_protection" {
  description = "Refuse to delete the database."
  type        = bool
  default     = true
}
