"""What the pages are built from: session, frame, reading, drawing."""
