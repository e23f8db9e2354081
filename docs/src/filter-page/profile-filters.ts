import { type Filter, PROFILES, type ProfileName } from '@almanac/data-filter'
import type { RuleSet } from './decide.js'

/** The profiles in the order of the page. */
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[]

/** One value for each profile. */
export const ofProfiles = <T>(make: (name: ProfileName) => T): Readonly<Record<ProfileName, T>> =>
  Object.fromEntries(PROFILE_NAMES.map((name) => [name, make(name)])) as Record<ProfileName, T>

/** The filters of texts that the worker measures with, in their order, behind that of languages, whose tables only the worker loads. */
export const profileFilters = (name: ProfileName): readonly Filter[] => PROFILES[name].filters()

/** What can be sent of filters: rules are data. */
export const ruleSets = (filters: readonly Filter[]): readonly RuleSet[] =>
  filters.map(({ name, rules }) => ({ name, rules: rules.map((rule) => ({ ...rule })) }))
