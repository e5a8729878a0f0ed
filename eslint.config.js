// What the compiler cannot see: who may import whom, the few doors that exist once, and promises nobody waits for.
// tests/unit/lint-rules.test.ts proves that each rule bites.
import { importX, createNodeResolver } from "eslint-plugin-import-x";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** The folders of server/, and which others each may import. The kernel (server/*.ts, outbound/ and telemetry/) is open to all of them. */
const mayImport = {
  outbound: [],
  telemetry: [],
  audit: [],
  auth: ["audit"],
  signin: ["auth", "audit"],
  tokens: ["signin", "auth", "audit"],
  teams: ["auth", "audit"],
  grants: ["teams", "auth", "audit"],
  results: ["grants", "auth", "audit"],
  orgs: ["connections", "upstream", "grants", "tokens", "teams", "auth", "audit"],
  oauth: ["auth", "audit"],
  upstream: ["oauth", "grants", "auth", "audit"],
  connections: ["upstream", "oauth", "grants", "teams", "auth", "audit"],
  search: ["upstream", "grants", "auth", "audit"],
  operator: ["orgs", "tokens", "auth", "audit"],
  agent: ["results", "search", "upstream", "connections", "grants", "tokens", "auth", "audit"],
  trpc: ["results", "search", "upstream", "connections", "oauth", "grants", "teams", "orgs", "tokens", "signin", "auth", "audit"],
};
const folders = Object.keys(mayImport);

/** A restriction that a type import may pass. */
const typesOnly = (regex, message) => ({ regex, message, allowTypeImports: true });
const never = (regex, message) => ({ regex, message });

const noClimbing = never("^\\.\\./", "Import other folders by #server/, #app/ and so on.");
const oneDatabase = typesOnly(
  "(^|/)generated/|^@prisma/|^@electric-sql/|^pg$|^pglite-",
  "The database is opened in server/db.ts and server/embedded.ts alone.",
);
const oneNetwork = typesOnly("^undici$|^(node:)?(http2?|https|net|tls|dgram)$", "The network is left by server/outbound alone.");
const oneEnv = never("^(node:)?process$", "Settings are read in server/env.ts alone.");
const oneSealer = {
  group: ["node:crypto", "crypto"],
  importNames: ["createCipheriv", "createDecipheriv", "default", "webcrypto", "subtle"],
  message: "Secrets are sealed in server/seal.ts alone.",
};
const kernelFiles = "^#server/(?!main|load-context)[^/]+\\.ts$";
const everywhere = [noClimbing, oneDatabase, oneNetwork, oneEnv, oneSealer];

/** The import rule of a group of files. Of overlapping groups the last one counts, whole. */
const imports = (...patterns) => ({ "@typescript-eslint/no-restricted-imports": ["error", { patterns }] });
const without = (...exempt) => everywhere.filter((pattern) => !exempt.includes(pattern));

const networkGlobals = ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"].map((name) => ({
  name,
  message: "Requests leave by server/outbound, or in the browser by app/trpc.ts.",
}));
const noNetworkGlobals = { "no-restricted-globals": ["error", ...networkGlobals] };
const noEnv = { object: "process", property: "env", message: "Settings are read in server/env.ts alone." };
const noGlobalFetch = { object: "globalThis", property: "fetch", message: "Requests leave by server/outbound." };

const folderRules = folders.map((folder) => {
  const allowed = [folder, "outbound", ...(folder === "outbound" ? [] : ["telemetry"]), ...mayImport[folder]].join("|");
  const message = `server/${folder} may import the kernel and: ${mayImport[folder].join(", ") || "nothing else"}.`;
  const below = never(`^#server/(?!(?:${allowed})/)[^/]+/|^#server/(main|load-context)|^#(app|prisma|tests)/`, message);
  // Who asks is a type that everybody speaks of.
  const actorAside = folder === "audit" ? { ...below, regex: below.regex.replace("(?!", "(?!auth/actor\\.ts$|") } : below;
  const onlyType = folder === "audit" ? [typesOnly("^#server/auth/actor\\.ts$", "server/audit knows actors by their type.")] : [];
  const noDatabase = ["trpc", "agent"].includes(folder)
    ? [typesOnly("^#server/db\\.ts$", `server/${folder} asks domain verbs, never the database.`)]
    : [];
  const base = folder === "outbound" ? without(oneNetwork) : everywhere;
  return { files: [`server/${folder}/**/*.ts`], rules: imports(...base, actorAside, ...onlyType, ...noDatabase) };
});

const tests = ["tests/{unit,integration,processes,e2e}/**/*.{ts,tsx}"];
const sleepMessage = "A test waits for a condition, not for time.";

export default tseslint.config(
  { ignores: ["node_modules", "build", "generated", "data", "storyboard", "test-results"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.{js,mjs,ts,tsx}"],
    languageOptions: { parser: tseslint.parser },
    plugins: { "@typescript-eslint": tseslint.plugin, "import-x": importX },
    settings: {
      "import-x/extensions": [".ts", ".tsx"],
      "import-x/ignore": ["node_modules", "generated/"],
      "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".tsx"] })],
    },
    rules: {
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-default-export": "error",
      "no-restricted-syntax": ["error", { selector: "ExportAllDeclaration", message: "No barrels: import from the file that has it." }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      // A handler that catches for itself may be async; an argument such as Express' may not.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false, properties: false } }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/only-throw-error": ["error", { allow: ["Response"] }],
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },

  // server/: the kernel, then the folders, then the files that are a door and may do what nobody else may.
  {
    files: ["server/**/*.ts"],
    rules: {
      ...noNetworkGlobals,
      "no-restricted-properties": ["error", noEnv, noGlobalFetch],
      ...imports(...everywhere),
    },
  },
  {
    files: ["server/*.ts"],
    rules: imports(
      ...everywhere,
      never("^#server/[^/]+/|^\\./[^.]+/|^\\./(main|load-context)\\.ts$|^#(app|prisma|tests)/", "The kernel imports node, npm and itself."),
    ),
  },
  ...folderRules,
  {
    files: ["server/operator/control.ts"],
    rules: imports(
      ...without(oneNetwork),
      never("^#server/(?!operator/)[^/]+/|^#(app|prisma|tests)/", "The socket knows the commands and the kernel."),
    ),
  },
  { files: ["server/outbound/**/*.ts"], rules: { "no-restricted-globals": "off" } },
  { files: ["server/env.ts"], rules: { "no-restricted-properties": ["error", noGlobalFetch] } },
  { files: ["server/seal.ts"], rules: imports(...without(oneSealer)) },
  {
    files: ["server/db.ts", "server/embedded.ts"],
    rules: { ...imports(...without(oneDatabase, noClimbing)), "no-restricted-syntax": "off" },
  },
  // What ties it together, and what finds out who asks: by a session or by a token.
  {
    files: ["server/http/**/*.ts", "server/load-context.ts", "server/auth/authenticate.ts", "server/main.ts"],
    rules: imports(...everywhere),
  },
  { files: ["server/http/http-server.ts"], rules: imports(...without(oneNetwork)) },

  // app/: knows the api, never the domain.
  {
    files: ["app/**/*.{ts,tsx}"],
    plugins: { "react-hooks": reactHooks, "jsx-a11y": jsxA11y },
    rules: {
      ...jsxA11y.flatConfigs.recommended.rules,
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      ...noNetworkGlobals,
      "no-restricted-properties": ["error", noEnv, noGlobalFetch],
      ...imports(
        ...everywhere,
        typesOnly("^#server/", "app/ knows server/ by its types alone."),
        never("^#(prisma|tests)/", "app/ knows the api alone."),
      ),
    },
  },
  {
    files: ["app/components/**/*.{ts,tsx}"],
    rules: imports(
      ...everywhere,
      typesOnly("^#server/", "app/ knows server/ by its types alone."),
      never("^#(prisma|tests)/|^#app/(?!components/|paths\\.ts$)", "Components import components and paths."),
    ),
  },
  { files: ["app/trpc.ts"], rules: { "no-restricted-globals": "off" } },

  // tests/
  {
    files: tests,
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']", message: sleepMessage },
        { selector: "CallExpression[callee.property.name='waitForTimeout']", message: sleepMessage },
        { selector: "ImportDeclaration[source.value='node:timers/promises']", message: sleepMessage },
      ],
    },
  },

  // Default exports where a tool asks for one.
  {
    files: ["*.{js,ts}", "app/routes/**", "app/root.tsx", "app/entry.*.tsx", "tests/setup/template.ts"],
    rules: { "import-x/no-default-export": "off" },
  },
);
