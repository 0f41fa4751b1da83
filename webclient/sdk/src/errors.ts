export type ErrorCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'rate_limited'
  | 'unavailable'
  | 'internal'
  /** Not the server's word: the request never reached it, or its answer never came back. */
  | 'offline';

/** Every refusal, of the socket and of REST alike. */
export class ParleyError extends Error {
  readonly code: ErrorCode;
  readonly retry: boolean;
  readonly status: number | undefined;

  constructor(code: ErrorCode, message: string, retry = false, status?: number) {
    super(message);
    this.name = 'ParleyError';
    this.code = code;
    this.retry = retry;
    this.status = status;
  }

  static offline(message = 'The connection was lost.'): ParleyError {
    return new ParleyError('offline', message, true);
  }

  /** Whatever was thrown, as a ParleyError. */
  static from(cause: unknown): ParleyError {
    if (cause instanceof ParleyError) return cause;
    return new ParleyError('offline', cause instanceof Error ? cause.message : String(cause), true);
  }
}

export interface WireError {
  code: ErrorCode;
  message?: string;
  retry?: boolean;
}

export function fromWire(error: WireError): ParleyError {
  return new ParleyError(error.code, error.message ?? error.code, error.retry ?? false);
}
