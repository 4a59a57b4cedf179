package devserver

import (
	"context"
	"fmt"
	"maps"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	persistencepb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/common/searchattribute/sadefs"
	schema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// registerNamespace writes the namespace, its retention and its search
// attributes into the database. It happens before the server starts: a running
// one would refuse a new attribute until its caches have heard of it.
func registerNamespace(ctx context.Context, cfg Config, store *config.SQL) error {
	namespace, err := schema.NewNamespaceConfig(clusterName, cfg.Namespace, false, nil)
	if err != nil {
		return err
	}
	if err := schema.CreateNamespaces(store, namespace); err != nil {
		return err
	}
	db, err := sql.NewSQLDB(sqlplugin.DbKindMain, store,
		resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	return updateNamespace(ctx, db, cfg)
}

// updateNamespace brings the stored namespace up to cfg.
func updateNamespace(ctx context.Context, db sqlplugin.DB, cfg Config) error {
	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &cfg.Namespace})
	if err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	row := rows[0]
	codec := serialization.NewSerializer()
	encoding := enumspb.EncodingType(enumspb.EncodingType_shorthandValue[row.DataEncoding])
	detail, err := codec.NamespaceDetailFromBlob(&commonpb.DataBlob{Data: row.Data, EncodingType: encoding})
	if err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if err := configure(detail.GetConfig(), cfg); err != nil {
		return err
	}
	blob, err := codec.NamespaceDetailToBlob(detail)
	if err != nil {
		return fmt.Errorf("write it: %w", err)
	}
	row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
	if _, err := db.UpdateNamespace(ctx, &row); err != nil {
		return fmt.Errorf("write it: %w", err)
	}
	return nil
}

// configure sets retention and gives each new search attribute a column of the
// visibility table.
func configure(namespace *persistencepb.NamespaceConfig, cfg Config) error {
	namespace.Retention = durationpb.New(cfg.Retention)
	if namespace.CustomSearchAttributeAliases == nil {
		namespace.CustomSearchAttributeAliases = map[string]string{}
	}
	names := namespace.GetCustomSearchAttributeAliases() // column: name
	columns := sadefs.GetDBIndexSearchAttributes(nil).GetCustomSearchAttributes()
	for _, name := range slices.Sorted(maps.Keys(cfg.SearchAttributes)) {
		column, err := columnFor(name, cfg.SearchAttributes[name], names, columns)
		if err != nil {
			return err
		}
		names[column] = name
	}
	return nil
}

// columnFor returns the column that holds a search attribute, or the first
// free one of its type.
func columnFor(
	name string, kind enumspb.IndexedValueType, names map[string]string, columns map[string]enumspb.IndexedValueType,
) (string, error) {
	sorted := slices.Sorted(maps.Keys(columns))
	if i := slices.IndexFunc(sorted, func(column string) bool { return names[column] == name }); i >= 0 {
		if have := columns[sorted[i]]; have != kind {
			return "", fmt.Errorf("search attribute %s is %s, and cannot become %s", name, have, kind)
		}
		return sorted[i], nil
	}
	for _, column := range sorted {
		if columns[column] == kind && names[column] == "" {
			return column, nil
		}
	}
	return "", fmt.Errorf("search attribute %s: all columns of type %s are taken", name, kind)
}
