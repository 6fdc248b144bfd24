// Settings that were given and do nothing as things are, in words: they belong to something that is not switched on.

type Given = Readonly<Record<string, unknown>>;

/** Options that protocols, and flows, have for their documents, and what they wait for. */
const ENRICHMENTS = [
  ['monitor_processes', 'procs.enabled is true'],
  ['geoip_enrich', 'geoip.databases are named'],
] as const;

export interface SwitchedOn {
  processes: boolean;
  places: boolean;
}

/** `given`: as the user wrote it. */
export function settingsWithoutEffect(given: Given, { processes, places }: SwitchedOn): string[] {
  const notes: string[] = [];
  const isOn = { monitor_processes: processes, geoip_enrich: places };
  const groups: [string, unknown][] = [
    ['flows', given.flows],
    ...Object.entries(mapping(given.protocols)).map(
      ([name, options]) => [`protocols.${name}`, options] as [string, unknown],
    ),
  ];
  for (const [option, condition] of ENRICHMENTS) {
    if (isOn[option]) continue;
    const paths = groups.flatMap(([path, options]) => (mapping(options)[option] === true ? [`${path}.${option}`] : []));
    if (paths.length > 0) notes.push(`${paths.join(', ')}: nothing comes of it unless ${condition}`);
  }
  const others = Object.keys(mapping(given.procs)).filter((name) => name !== 'enabled');
  if (!processes && others.length > 0)
    notes.push(`${others.map((name) => `procs.${name}`).join(', ')}: nothing comes of it unless procs.enabled is true`);
  return notes;
}

/** The same, of what the daemon alone reads, or reads in another way. */
export function settingsWithoutEffectInDaemon(given: Given): string[] {
  const notes: string[] = [];
  const tcpState = mapping(given.tcp_state);
  const filters = Object.keys(tcpState).filter((name) => name !== 'enabled');
  if (tcpState.enabled !== true && filters.length > 0)
    notes.push(
      `${filters.map((name) => `tcp_state.${name}`).join(', ')}: nothing comes of it unless tcp_state.enabled is true`,
    );
  const { interfaces, autodetection } = mapping(given.capture);
  if (Object.keys(mapping(interfaces)).length > 0 && 'exclude' in mapping(autodetection))
    notes.push('capture.autodetection.exclude: nothing comes of it while capture.interfaces names what is captured');
  if (mapping(given.flows).by_interface === false)
    notes.push('flows.by_interface: nothing comes of it, for the daemon always tells interfaces apart');
  return notes;
}

function mapping(value: unknown): Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Given) : {};
}
