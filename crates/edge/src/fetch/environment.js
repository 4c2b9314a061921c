// A property that is a text and not empty.
export function property(object, name) {
  const value = object?.[name];
  return typeof value == "string" && value ? value : undefined;
}
