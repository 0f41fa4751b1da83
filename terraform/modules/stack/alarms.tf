# What AWS itself watches, beside Prometheus: it still speaks when the cluster does not.

resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = module.security.kms_key_arn
}

resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

locals {
  database = { DBInstanceIdentifier = module.data.database_id }
  balancer = { LoadBalancer = module.edge.arn_suffix }
  targets  = { LoadBalancer = module.edge.arn_suffix, TargetGroup = module.edge.target_group_suffix }
  redis    = { ReplicationGroupId = module.data.redis_id }

  alarms = {
    database-cpu         = { namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database, above = true, threshold = 80, periods = 10 }
    database-storage     = { namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database, above = false, threshold = 10737418240, periods = 5 }
    database-memory      = { namespace = "AWS/RDS", metric = "FreeableMemory", dimensions = local.database, above = false, threshold = 268435456, periods = 10 }
    database-connections = { namespace = "AWS/RDS", metric = "DatabaseConnections", dimensions = local.database, above = true, threshold = 300, periods = 5 }
    redis-memory         = { namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", dimensions = local.redis, above = true, threshold = 80, periods = 10 }
    balancer-errors      = { namespace = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer, above = true, threshold = 20, periods = 5 }
    targets-unhealthy    = { namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", dimensions = local.targets, above = true, threshold = 0, periods = 5 }
  }
  sums = ["HTTPCode_ELB_5XX_Count"]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = local.alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = "docs/runbooks in the project's repository"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = contains(local.sums, each.value.metric) ? "Sum" : "Average"
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.key == "balancer-errors" ? "notBreaching" : "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_budgets_budget" "monthly" {
  name         = local.name
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    notification_type          = "ACTUAL"
    subscriber_email_addresses = [var.alarm_email]
  }
  notification {
    comparison_operator        = "GREATER_THAN"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    notification_type          = "FORECASTED"
    subscriber_email_addresses = [var.alarm_email]
  }
}
