"""What every call passes on its way in: tracing, error boundary, limits, authentication, access, validation."""
