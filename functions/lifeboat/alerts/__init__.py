"""Everything that speaks to those who are told: the SNS topic, and a webhook."""
