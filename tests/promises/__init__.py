"""What we promise, each with the tests that show it and the break of the build that they must notice."""
