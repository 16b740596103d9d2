"""The protocol's messages, generated from plugins/wire/handler.proto: `make proto`."""
