// What `netscribe doctor` looks at: one thing that this machine and this user can do or can not.

export interface Finding {
  ok: boolean;
  /** What there is, in a few words. */
  found: string;
  /** The one thing that is missing, and how to get it; with `ok` false. */
  missing?: string;
}

export interface Check {
  /** To name it on the command line: `live`, `filters`, … */
  name: string;
  /** What works when it is there. */
  does: string;
  /** Tries it for real where that harms nothing. Whatever it throws becomes what is missing. */
  run(): Promise<Finding>;
}
