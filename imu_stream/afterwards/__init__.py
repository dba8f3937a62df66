"""What is made of a session that has ended: derived anew, reported, exported, kept in the log."""
