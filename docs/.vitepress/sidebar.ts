import type { DefaultTheme } from "vitepress"

/** By what people come to do; each page by the name that its link has. */
export const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: "Begin",
    items: [
      { text: "What it is", link: "/" },
      { text: "The five-minute start", link: "/guides/start" },
      { text: "Contract", link: "/guides/contract" },
      { text: "A shared contract", link: "/guides/shared-contract" },
      { text: "Server", link: "/guides/server" },
      { text: "Client", link: "/guides/client" },
      { text: "Streams", link: "/guides/streams" },
      { text: "React", link: "/guides/react" },
      { text: "TanStack Query", link: "/guides/tanstack-query" },
      { text: "Examples", link: "/examples/" },
      { text: "The live dashboard", link: "/guides/live-dashboard" },
    ],
  },
  {
    text: "When things go wrong",
    items: [
      { text: "When the line drops", link: "/guides/line-drops" },
      { text: "When a call fails", link: "/guides/failures" },
      { text: "Troubleshooting by code", link: "/guides/troubleshooting" },
      { text: "Every error and close code", link: "/errors" },
      { text: "A call that must not happen twice", link: "/guides/idempotency" },
    ],
  },
  {
    text: "In production",
    items: [
      { text: "Beside Express, Fastify, Hono and Next", link: "/guides/beside" },
      { text: "Deployment", link: "/guides/deployment" },
      { text: "Behind nginx, Caddy and balancers", link: "/guides/proxies" },
      { text: "Observability", link: "/guides/observability" },
      { text: "Brokers", link: "/guides/brokers" },
      { text: "Limits", link: "/limits" },
      { text: "Performance", link: "/performance" },
    ],
  },
  { text: "Tests", items: [{ text: "Testing your service", link: "/guides/testing" }] },
  {
    text: "Reference",
    items: [
      { text: "API", link: "/api/" },
      { text: "Types", link: "/types" },
      { text: "Protocol", link: "/protocol" },
      { text: "Test vectors", link: "/vectors/" },
      { text: "Benchmarks", link: "/benchmarks" },
    ],
  },
  {
    text: "How it is made",
    collapsed: true,
    items: [
      { text: "Architecture", link: "/architecture" },
      { text: "The simulator", link: "/simulator" },
      { text: "Decisions", link: "/decisions/" },
      { text: "Contributing", link: "/contributing" },
    ],
  },
]
