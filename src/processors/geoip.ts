// Where addresses are, from databases in MaxMind's format that the user names (https://maxmind.github.io/MaxMind-DB/): cities, countries,
// autonomous systems, or several of these. What is taken of their entries is what Elasticsearch's `geoip` processor takes by default.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Reader } from 'mmdb-lib';
import type { Address } from '../records/address.ts';
import { NOWHERE, type Place } from '../records/place.ts';

/** Addresses whose places are kept: of so many that were asked for lately, and as many before them. */
const MAX_KNOWN = 16_384;

/** A database in memory that threads share. */
export interface PlaceFile {
  /** What it is and of when, for people and for telling two of them apart. */
  readonly name: string;
  readonly bytes: SharedArrayBuffer;
}

type Tree = Readonly<Record<string, unknown>>;

/** The reader is loaded when a database is named. */
const library = () => createRequire(import.meta.url)('mmdb-lib') as typeof import('mmdb-lib');

/** Throws an Error that says what is wrong with the file. */
export function openPlaceFile(path: string): PlaceFile {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new Error(`${path} can not be read: ${(error as Error).message}`);
  }
  const bytes = new SharedArrayBuffer(content.length);
  const shared = Buffer.from(bytes);
  content.copy(shared);
  try {
    const { databaseType, buildEpoch } = new (library().Reader)(shared).metadata;
    return { name: `${databaseType} of ${new Date(buildEpoch).toISOString().slice(0, 10)}`, bytes };
  } catch (error) {
    throw new Error(`${path} is no database in MaxMind's format (.mmdb): ${(error as Error).message}`);
  }
}

/** All databases as one: of each value, what the first that has it says. */
export class PlaceDatabases {
  readonly #readers: readonly Reader<Tree & object>[];
  /** By address: an integer for IPv4, a text for IPv6. */
  #known = new Map<number | string, Place>();
  #before = new Map<number | string, Place>();
  /** Look-ups that a broken database could not answer. */
  failures = 0;

  constructor(files: readonly PlaceFile[]) {
    const { Reader } = library();
    this.#readers = files.map(({ bytes }) => new Reader<Tree & object>(Buffer.from(bytes)));
  }

  of(address: Address): Place {
    const key = address.v6 ? address.toString() : address.w3;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = this.#before.get(key) ?? this.#find(address.toString());
    if (this.#known.size >= MAX_KNOWN) {
      this.#before = this.#known;
      this.#known = new Map();
    }
    this.#known.set(key, place);
    return place;
  }

  #find(address: string): Place {
    let place: Place | undefined;
    for (const reader of this.#readers) {
      let entry: Tree | null;
      try {
        entry = reader.get(address);
      } catch {
        this.failures++;
        continue;
      }
      if (entry === null) continue;
      const found = placeOf(entry);
      place = place === undefined ? found : both(place, found);
    }
    return place ?? NOWHERE;
  }
}

function both(first: Place, second: Place): Place {
  const all = { ...first } as Record<string, unknown>;
  for (const [name, value] of Object.entries(second)) all[name] ??= value;
  return all as unknown as Place;
}

function placeOf(entry: Tree): Place {
  const country = tree(entry.country);
  const region = tree(Array.isArray(entry.subdivisions) ? entry.subdivisions[0] : undefined);
  const location = tree(entry.location);
  const traits = tree(entry.traits);
  const countryIsoCode = text(country.iso_code);
  const regionCode = text(region.iso_code);
  return {
    continentName: english(entry.continent),
    countryIsoCode,
    countryName: english(country),
    regionIsoCode:
      countryIsoCode === undefined || regionCode === undefined ? undefined : `${countryIsoCode}-${regionCode}`,
    regionName: english(region),
    cityName: english(entry.city),
    latitude: number(location.latitude),
    longitude: number(location.longitude),
    asNumber: number(entry.autonomous_system_number ?? traits.autonomous_system_number),
    asOrganization: text(entry.autonomous_system_organization ?? traits.autonomous_system_organization),
  };
}

const tree = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {});
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const english = (value: unknown): string | undefined => text(tree(tree(value).names).en);
