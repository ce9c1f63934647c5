// Licensed to the Apache Software Foundation (ASF) under one
// or more contributor license agreements.  See the NOTICE file
// distributed with this work for additional information
// regarding copyright ownership.  The ASF licenses this file
// to you under the Apache License, Version 2.0 (the
// "License"); you may not use this file except in compliance
// with the License.  You may obtain a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// The part of hive_metastore.thrift of Hive 4 that a source needs: a table, its partitions, and the calls that tell of
// them. Fields keep their numbers and types. Left out are the fields of structures that no reader looks at (privileges,
// statistics, skew, capabilities, write ids, what a materialized view was made of), which a reader of Thrift passes over,
// and every other call; so is fb303's service, which the metastore's extends, of which only names are inherited.

struct FieldSchema {
  1: string name,
  2: string type,
  3: string comment
}

struct SerDeInfo {
  1: string name,
  2: string serializationLib,
  3: map<string, string> parameters
}

struct StorageDescriptor {
  1: list<FieldSchema> cols,
  2: string location,
  3: string inputFormat,
  4: string outputFormat,
  5: bool   compressed,
  6: i32    numBuckets,
  7: SerDeInfo    serdeInfo,
  10: map<string, string> parameters
}

struct Table {
  1: string tableName,
  2: string dbName,
  7: StorageDescriptor sd,
  8: list<FieldSchema> partitionKeys,
  9: map<string, string> parameters,
  12: string tableType
}

struct Partition {
  1: list<string> values,
  2: string       dbName,
  3: string       tableName,
  6: StorageDescriptor   sd,
  7: map<string, string> parameters
}

struct GetTableRequest {
  1: required string dbName,
  2: required string tblName
}

struct GetTableResult {
  1: required Table table
}

exception MetaException {
  1: string message
}

exception NoSuchObjectException {
  1: string message
}

service ThriftHiveMetastore {
  // Until Hive 3.
  Table get_table(1:string dbname, 2:string tbl_name)
                       throws (1:MetaException o1, 2:NoSuchObjectException o2)

  // From Hive 2.3 on.
  GetTableResult get_table_req(1:GetTableRequest req) throws (1:MetaException o1, 2:NoSuchObjectException o2)

  list<string> get_partition_names(1:string db_name, 2:string tbl_name, 3:i16 max_parts=-1)
                       throws(1:NoSuchObjectException o1, 2:MetaException o2)

  list<Partition> get_partitions_by_filter(1:string db_name, 2:string tbl_name,
    3:string filter, 4:i16 max_parts=-1)
                       throws(1:MetaException o1, 2:NoSuchObjectException o2)

  list<Partition> get_partitions_by_names(1:string db_name, 2:string tbl_name, 3:list<string> names)
                       throws(1:MetaException o1, 2:NoSuchObjectException o2)
}
