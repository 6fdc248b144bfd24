// What maps an object declares: variables of the section `.maps`, whose types say everything (libbpf's convention: `__uint(name, n)`
// is a pointer to an array of n, `__type(name, t)` a pointer to t, `__array(values, t)` an array of pointers to t).

import { type Btf, KIND } from './btf.ts';
import { BpfError } from './error.ts';
import type { MapDefinition } from './map.ts';

export function mapDefinitions(btf: Btf): MapDefinition[] {
  const section = btf.find('.maps', KIND.DATASEC);
  if (section === 0) return [];
  return btf.members(btf.type(section)).map(({ name, type }) => definition(btf, name, btf.type(type).sizeOrType));
}

function definition(btf: Btf, name: string, type: number): MapDefinition {
  const numbers: Record<string, number> = {};
  let inner: MapDefinition | undefined;
  for (const member of btf.members(btf.resolve(type))) {
    const target = btf.resolve(member.type);
    switch (member.name) {
      case 'type':
      case 'max_entries':
      case 'map_flags':
      case 'key_size':
      case 'value_size':
        numbers[member.name] = btf.array(btf.resolve(target.sizeOrType)).length;
        break;
      case 'key':
        numbers.key_size = btf.size(target.sizeOrType);
        break;
      case 'value':
        numbers.value_size = btf.size(target.sizeOrType);
        break;
      case 'values':
        inner = definition(btf, `${name}.inner`, btf.resolve(btf.array(target).element).sizeOrType);
        numbers.value_size = 4;
        break;
      default:
        throw new BpfError(`the map ${name} has a member '${member.name}', which is not known here`);
    }
  }
  return {
    name,
    type: numbers.type ?? 0,
    keySize: numbers.key_size ?? 0,
    valueSize: numbers.value_size ?? 0,
    maxEntries: numbers.max_entries ?? 0,
    flags: numbers.map_flags ?? 0,
    ...(inner === undefined ? {} : { inner }),
  };
}
