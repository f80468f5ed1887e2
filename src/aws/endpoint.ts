/** Where a service is in a region. AWS General Reference, "Service endpoints and quotas": China has a domain of its own. */
export function awsEndpoint(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

export const isRegion = (region: string): boolean => /^[a-z0-9-]{1,63}$/.test(region);

/** Whether a URL's host is this machine, the one place where plain `http` is safe. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
