variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "kubernetes_version" {
  description = "Kubernetes version; 1.30 or newer for the chart."
  type        = string
  default     = "1.33"
}

variable "private_subnet_ids" {
  description = "Where nodes and the API's interfaces are."
  type        = list(string)
}

variable "cluster_group_id" {
  description = "Security group of the API."
  type        = string
}

variable "nodes_group_id" {
  description = "Security group of the nodes."
  type        = string
}

variable "cluster_role_arn" {
  description = "Role of the control plane."
  type        = string
}

variable "nodes_role_arn" {
  description = "Role of the nodes."
  type        = string
}

variable "administrator_role_arn" {
  description = "Role that administers the whole cluster."
  type        = string
}

variable "access" {
  description = "Further roles that may speak to the API, and their groups there."
  type        = map(object({ role_arn = string, groups = list(string) }))
}

variable "api_cidrs" {
  description = "Addresses that may reach the API from outside; none: only from inside the VPC."
  type        = list(string)
  default     = []
  validation {
    condition     = !contains(var.api_cidrs, "0.0.0.0/0")
    error_message = "The Kubernetes API is not for the whole world: name your office's or VPN's addresses."
  }
}

variable "instance_types" {
  description = "Kinds of node."
  type        = list(string)
}

variable "nodes" {
  description = "Nodes at least; one a zone or more."
  type        = number
  default     = 2
  validation {
    condition     = var.nodes >= 2
    error_message = "Two nodes or more: one is lost with its zone."
  }
}

variable "nodes_max" {
  description = "Nodes at most."
  type        = number
}

variable "deletion_protection" {
  description = "Refuse to delete the cluster."
  type        = bool
}

variable "log_days" {
  description = "Days that the control plane's logs are kept."
  type        = number
  default     = 90
}

variable "kms_key_arn" {
  description = "The key for everything at rest."
  type        = string
}
