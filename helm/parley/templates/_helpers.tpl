{{- define "parley.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}
{{- end }}

{{- define "parley.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "parley.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "parley.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: parley
{{- end }}

{{- define "parley.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "parley.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}{{ .Values.serviceAccount.name | default (include "parley.fullname" .) }}{{- else -}}{{ .Values.serviceAccount.name | default "default" }}{{- end -}}
{{- end }}

{{- /* The one source of secrets; more than one or none is refused. */ -}}
{{- define "parley.secretName" -}}
{{- $sources := 0 -}}
{{- if .Values.secrets.existingSecret }}{{ $sources = add1 $sources }}{{ end -}}
{{- if .Values.secrets.externalSecret.enabled }}{{ $sources = add1 $sources }}{{ end -}}
{{- if .Values.secrets.values.databaseUrl }}{{ $sources = add1 $sources }}{{ end -}}
{{- if ne (int $sources) 1 }}{{ fail "secrets: set exactly one of existingSecret, externalSecret.enabled and values.databaseUrl" }}{{ end -}}
{{- if .Values.secrets.existingSecret -}}{{ .Values.secrets.existingSecret }}{{- else -}}{{ include "parley.fullname" . }}-secrets{{- end -}}
{{- end }}

{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "parley.secretEnv" -}}
- name: PARLEY_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ include "parley.secretName" . }}
      key: database-url
- name: PARLEY_REDIS
  valueFrom:
    secretKeyRef:
      name: {{ include "parley.secretName" . }}
      key: redis-url
{{- end }}

{{- /* The broker's config file from .Values.settings: a list becomes "name = [a,b]". */ -}}
{{- define "parley.conf" -}}
{{- range $name, $value := .Values.settings }}
{{- if kindIs "slice" $value }}
{{- if $value }}
{{ $name }} = [{{ range $i, $one := $value }}{{ if $i }}, {{ end }}{{ $one | quote }}{{ end }}]
{{- end }}
{{- else if kindIs "float64" $value }}
{{ $name }} = {{ $value | int64 }}
{{- else }}
{{ $name }} = {{ $value }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Seconds of "20s", "1m", "500ms" or a number. */ -}}
{{- define "parley.seconds" -}}
{{- $text := toString . -}}
{{- if hasSuffix "ms" $text }}{{ div (trimSuffix "ms" $text | int) 1000 }}
{{- else if hasSuffix "m" $text }}{{ mul (trimSuffix "m" $text | int) 60 }}
{{- else }}{{ trimSuffix "s" $text | int }}{{ end -}}
{{- end }}

{{- /* Who signs the certificates of the database and of Redis, where no public authority does. */ -}}
{{- define "parley.authorityMounts" -}}
{{- range $server := list "database" "redis" }}
{{- with (index $.Values $server).caConfigMap }}
- {name: {{ $server }}-ca, mountPath: /etc/parley/{{ $server }}-ca, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "parley.authorityVolumes" -}}
{{- range $server := list "database" "redis" }}
{{- with (index $.Values $server).caConfigMap }}
- name: {{ $server }}-ca
  configMap: {name: {{ . | quote }}}
{{- end }}
{{- end }}
{{- end }}
