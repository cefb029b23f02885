"""What identity knows of parties, conditions and acts: frozen values and pure rules."""
