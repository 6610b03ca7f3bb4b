"""Node types, themes, icons, fonts, schemas and examples: data that both packages read."""
