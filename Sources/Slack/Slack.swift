// Slack
