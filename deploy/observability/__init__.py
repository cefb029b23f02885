"""What watches the service: the collector's settings, alert rules, a dashboard."""
