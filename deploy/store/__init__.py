"""What OpenBao or Vault must hold for a rendered overlay, as commands to read and then to run."""
