// No fonts are loaded: those of the reader's system are there at once.
import theme from "vitepress/theme-without-fonts"

export default theme
