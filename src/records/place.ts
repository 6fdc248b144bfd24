// Where addresses are and whose network they belong to: the fields that ECS has for it and that Elastic's pipelines fill in (the ingest
// processor `geoip` with its default properties, and `as` from a database of autonomous systems).

import { type FieldBuilder, f, type Kind } from './field.ts';

/** What databases say of one address; undefined: nothing. */
export interface Place {
  readonly continentName: string | undefined;
  readonly countryIsoCode: string | undefined;
  readonly countryName: string | undefined;
  readonly regionIsoCode: string | undefined;
  readonly regionName: string | undefined;
  readonly cityName: string | undefined;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  readonly asNumber: number | undefined;
  readonly asOrganization: string | undefined;
}

const NAMES: Readonly<Record<keyof Place, (paths: readonly string[], who: string) => FieldBuilder<Kind, boolean>>> = {
  continentName: (paths, who) => f.keyword(paths, `continent of ${who}`),
  countryIsoCode: (paths, who) => f.keyword(paths, `country of ${who}: ISO 3166-1, two letters`),
  countryName: (paths, who) => f.keyword(paths, `country of ${who}`),
  regionIsoCode: (paths, who) => f.keyword(paths, `region of ${who}: ISO 3166-2, such as DE-BY`),
  regionName: (paths, who) => f.keyword(paths, `region of ${who}`),
  cityName: (paths, who) => f.keyword(paths, `city of ${who}`),
  latitude: (paths, who) => f.float(paths, `latitude of ${who}`),
  longitude: (paths, who) => f.float(paths, `longitude of ${who}`),
  asNumber: (paths, who) => f.int(paths, `autonomous system of ${who}`),
  asOrganization: (paths, who) => f.keyword(paths, `whom the autonomous system of ${who} belongs to`),
};
const PATHS: Readonly<Record<keyof Place, string>> = {
  continentName: 'geo.continent_name',
  countryIsoCode: 'geo.country_iso_code',
  countryName: 'geo.country_name',
  regionIsoCode: 'geo.region_iso_code',
  regionName: 'geo.region_name',
  cityName: 'geo.city_name',
  latitude: 'geo.location.lat',
  longitude: 'geo.location.lon',
  asNumber: 'as.number',
  asOrganization: 'as.organization.name',
};
const PROPERTIES = Object.keys(PATHS) as (keyof Place)[];

/** Of an address that no database knows. */
export const NOWHERE = Object.fromEntries(PROPERTIES.map((property) => [property, undefined])) as unknown as Place;

/**
 * The fields of one end of a flow: `side` is `source` or `destination`, and flows have its place as `<side>Place`. They are no properties of
 * record objects, which is what the type says.
 */
export function placeOf(side: 'source' | 'destination', other: string, who: string): Record<never, never> {
  return Object.fromEntries(
    PROPERTIES.map((property) => {
      const path = PATHS[property];
      const field = NAMES[property]([`${side}.${path}`, `${other}.${path}`], who);
      const name = `${side}${property[0].toUpperCase()}${property.slice(1)}`;
      return [name, field.optional().enrichedBy('geoip').ofFlow(`${side}Place.${property}`)];
    }),
  );
}
