output "stack" {
  description = "What the chart and the workflows need to know."
  value       = module.stack
}
