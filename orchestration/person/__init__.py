"""What a person may ask for: to be erased (Art. 17 GDPR), and to get all that is held about them (Art. 15)."""
