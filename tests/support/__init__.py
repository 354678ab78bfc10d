"""What several tests need: a real server, and clients on real sockets."""
