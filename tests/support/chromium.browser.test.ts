import { expect, test } from "vitest"
import { describeInChromium, launchChromium } from "./chromium.js"

describeInChromium("Chromium", () => {
  test("opens a page and runs its script", async () => {
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      await page.setContent("<p id=p></p><script>p.textContent = 'live'</script>")
      expect(await page.textContent("#p")).toBe("live")
    } finally {
      await browser.close()
    }
  })
})
