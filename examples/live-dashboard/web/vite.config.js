import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  plugins: [react()],
  server: {
    // `npm run dev` serves the page anew at each change; its line and its data are those of `npm start`.
    proxy: { "/rpc": { target: "ws://localhost:3000", ws: true } },
  },
})
