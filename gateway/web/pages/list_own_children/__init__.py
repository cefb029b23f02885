"""My children: own current involvements, to confirm or to end by ticking."""
