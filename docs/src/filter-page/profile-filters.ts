import { type Filter, PROFILES, type ProfileName } from '@almanac/data-filter'

/** The profiles in the order of the page. */
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[]

/**
 * The filters of a profile, in their order. All of the page goes by this list: a filter that is put in front of it (one of languages, say)
 * is measured, decided on and shown as the others are.
 */
export const profileFilters = (name: ProfileName): readonly Filter[] => PROFILES[name].filters()
